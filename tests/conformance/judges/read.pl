# Reads messages with Perl's MIME-tools, which has been in spam filters for thirty years: what is read of each .eml of a
# folder as JSON, by the file's name. The text is left in its lines.
#
# perl read.pl LETTERS
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use Encode qw(decode);
use JSON::PP;
use MIME::Parser;
use Mail::Address;

my ($letters) = @ARGV;
my $parser = MIME::Parser->new;
$parser->output_to_core(1);
$parser->tmp_to_core(1);
$parser->extract_nested_messages(0);

# Of the head as it was read: unfolded, and decoded as RFC 2047 says.
sub unfolded { my $value = shift // ''; $value =~ s/\r?\n(?=[ \t])//g; $value =~ s/\s+\z//; $value }
sub words { decode('MIME-Header', decode('UTF-8', unfolded(shift))) }

sub addresses {
    my $value = shift or return [];
    my @found;
    for my $one (Mail::Address->parse(decode('UTF-8', unfolded($value)))) {
        my $name = $one->phrase // '';
        if ($name =~ /\A"(.*)"\z/s) { $name = $1; $name =~ s/\\(.)/$1/gs }
        elsif ($name =~ /=\?/) { $name = decode('MIME-Header', $name) }
        push @found, length $name ? "$name <" . $one->address . '>' : $one->address;
    }
    return \@found;
}

my %readings;
for my $path (glob "$letters/*.eml") {
    my ($name) = $path =~ m{([^/]+)\z};
    my $message = eval { $parser->parse_open($path) };
    my @said = ($parser->results->errors, $parser->results->warnings);
    if (!$message || @said) { $readings{$name} = { error => join '; ', $@ // '', @said }; next }
    my $head = $message->head;
    my %reading = (
        subject => words($head->get('Subject')), from => addresses($head->get('From')),
        reply_to => addresses($head->get('Reply-To')), to => addresses($head->get('To')), cc => addresses($head->get('Cc')),
        text => '', html => undef, files => [],
    );
    for my $part (grep { !$_->is_multipart } $message, $message->parts_DFS) {
        next if $part != $message && $part->is_multipart;
        my $content = $part->bodyhandle->as_string;
        if (($part->head->mime_attr('content-disposition') // '') eq 'attachment') {
            my $file = $part->head->recommended_filename // '';
            push @{ $reading{files} }, {
                name => utf8::is_utf8($file) ? $file : decode('UTF-8', $file),
                type => $part->effective_type, sha256 => sha256_hex($content),
            };
            next;
        }
        my $text = decode($part->head->mime_attr('content-type.charset'), $content);
        $text =~ s/\r\n/\n/g;
        if ($part->effective_type eq 'text/html') { $reading{html} = $text }
        else {
            $reading{text} = $text;
            $reading{delsp} = ($part->head->mime_attr('content-type.delsp') // '') eq 'yes' ? JSON::PP::true : JSON::PP::false;
        }
    }
    $readings{$name} = \%reading;
}
print JSON::PP->new->utf8->encode(\%readings);
