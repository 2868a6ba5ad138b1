//! A run over a campaign, for whoever starts one: what is decided (planning), what will leave (preflight), the letters
//! one by one (compose), and their sending, to a mail server (send) or to the built-in one (rehearse).

pub mod alike;
pub mod attached;
pub mod compose;
pub mod conclude;
pub mod leaving;
pub mod matrix;
pub mod planning;
pub mod preflight;
pub mod rehearse;
pub mod send;
pub mod tried;
