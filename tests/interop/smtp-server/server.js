// A mail server as programs make one of nodemailer's smtp-server: TLS from the start, a login, letters kept in a Maildir.
//
//   node server.js PORT MAILDIR CERTIFICATE KEY USER PASSWORD
'use strict';

const fs = require('fs');
const path = require('path');
const { pipeline } = require('stream/promises');
const { SMTPServer } = require('smtp-server');

const [port, maildir, certificate, key, user, password] = process.argv.slice(2);
let taken = 0;

async function keep(letter) {
    const name = `${process.pid}.${++taken}`;
    await pipeline(letter, fs.createWriteStream(path.join(maildir, 'tmp', name)));
    await fs.promises.rename(path.join(maildir, 'tmp', name), path.join(maildir, 'new', name));
}

const server = new SMTPServer({
    name: 'mail.example',
    secure: true,
    cert: fs.readFileSync(certificate),
    key: fs.readFileSync(key),
    disableReverseLookup: true,
    onAuth(auth, session, done) {
        const known = auth.username === user && auth.password === password;
        done(known ? null : new Error('no such user'), { user });
    },
    onData(letter, session, done) {
        keep(letter).then(() => done(null, 'it is kept'), done);
    },
});
server.on('error', (error) => console.error(error.message));
server.listen(Number(port), '127.0.0.1');
