//! What a person asks for while letters leave: Ctrl-C, once or twice.

use appel_messages::msg;
use tokio::sync::watch;

use crate::failure::Style;
use crate::outbox::delivery::Interrupt;

/// Ctrl-C, SIGTERM and SIGHUP: the first asks to finish, the second to stop at once.
pub fn watch_interrupts(style: Style) -> std::io::Result<watch::Receiver<Interrupt>> {
    #[cfg(unix)]
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = watch::channel(Interrupt::None);
    #[cfg(unix)]
    let mut terminate = signal(SignalKind::terminate())?;
    // The terminal's window was closed.
    #[cfg(unix)]
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        for next in [Interrupt::Finish, Interrupt::Now] {
            #[cfg(unix)]
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            #[cfg(not(unix))]
            let _ = tokio::signal::ctrl_c().await;
            if next == Interrupt::Finish {
                use std::io::Write;
                let _ = writeln!(std::io::stderr(), "{}", style.say(&msg!("finishing")));
            }
            sender.send_replace(next);
        }
        sender.closed().await;
    });
    Ok(receiver)
}
