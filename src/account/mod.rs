//! What is the person's own, as against what a campaign's folder says: their word on whose a folder is, and what their mail
//! servers were found to do, and under which titles campaigns were sent.

pub mod hosts;
pub mod titles;
pub mod trust;
