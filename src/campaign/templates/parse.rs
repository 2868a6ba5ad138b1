//! Text to a Handlebars template, whose places are those of the file.

use std::ops::Range;

use handlebars::Template;

use super::file::File;

/// Parses the bytes `span` of the file; a problem is pushed when they cannot be.
pub fn template(file: &mut File<'_>, span: Range<usize>) -> Option<Template> {
    let source = file.text.get(span.clone())?;
    match Template::compile_with_name(source, file.shown.to_owned()) {
        Ok(template) => Some(template),
        Err(error) => {
            file.error(span, error.reason().to_string(), "");
            None
        }
    }
}
