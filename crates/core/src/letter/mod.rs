//! Letters: who gets which and why not (plan, decide), their text (render), their bytes (message).

pub mod chosen;
pub mod copies;
pub mod coverage;
pub mod date;
pub mod decide;
pub mod decision;
pub mod envelope;
pub mod flood;
pub mod flowed;
pub mod likeness;
pub mod markdown;
pub mod message;
pub mod notes;
pub mod plan;
pub mod render;
pub mod sameness;
pub mod selection;
pub mod text;
pub mod variants;

mod edition;
mod encode;
mod prepare;
mod recurring;

pub use chosen::Chosen;
pub use copies::{OpenCopies, OpenCopy};
pub use coverage::Coverage;
pub use decide::{Decider, Resend, Rules, may_leave};
pub use decision::{Copy, Decision, Left, Letter, Past, Skip};
pub use envelope::{Envelope, LetterId};
pub use flood::{Over, Recent};
pub use flowed::Flow;
pub use message::{Attachments, Message, compose};
pub use notes::Notes;
pub use plan::{Candidate, Candidates, Open, Plan};
pub use render::Renderer;
pub use selection::Selection;
pub use text::Text;
