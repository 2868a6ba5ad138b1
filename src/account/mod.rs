//! What is the person's own, as against what a campaign's folder says: so far, their word on whose a folder is.

pub mod trust;
