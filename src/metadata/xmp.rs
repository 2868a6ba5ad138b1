//! XMP: what Adobe's programs, and most others by now, write about a file, in XML.

use std::ops::Range;

use super::told::{Found, What, is_blank};
use super::xml::{self, Value};

/// Reads a packet. That there is one is told in any case, so that one that says nothing known is taken out as well.
pub fn read(packet: &[u8], found: &mut Found) {
    if is_blank(packet) {
        return;
    }
    let text = xml::decoded(packet).unwrap_or_else(|| String::from_utf8_lossy(packet).into_owned());
    let mut position: [Option<String>; 2] = [None, None];
    xml::each(&text, &mut |value| {
        let name = value.attribute.unwrap_or_else(|| value.element());
        match name {
            "GPSLatitude" => position[0] = Some(value.text()),
            "GPSLongitude" => position[1] = Some(value.text()),
            name => {
                if let Some(what) = meaning(name, value) {
                    found.tell(what, &value.text());
                }
            }
        }
    });
    if let [Some(latitude), Some(longitude)] = position {
        found.tell(What::Place, &format!("{latitude} {longitude}"));
    }
    found.tell(What::Other, "XMP");
}

fn meaning(name: &str, value: &Value<'_>) -> Option<What> {
    Some(match name {
        "creator" | "Author" | "author" | "Authors" | "AuthorName" | "CaptionWriter" | "Credit" | "contributor"
        | "Artist" | "CiEmailWork" | "CiTelWork" | "CiAdrExtadr" | "CiAdrCity" | "CiUrlWork" => What::Author,
        "LastModifiedBy" | "ModifiedBy" | "lastModifiedBy" => What::ChangedBy,
        "Company" | "Manager" | "publisher" => What::Company,
        "OwnerName" | "CameraOwnerName" | "Owner" => What::Owner,
        "City" | "Country" | "CountryName" | "State" | "ProvinceState" | "Location" | "Sublocation" | "CountryCode" => {
            What::Place
        }
        "DateTimeOriginal" | "DateCreated" | "DateTimeDigitized" => What::Taken,
        "Make" | "Model" | "Lens" | "LensModel" => What::Camera,
        "SerialNumber" | "BodySerialNumber" | "LensSerialNumber" | "ImageUniqueID" => What::Serial,
        "HostComputer" => What::Device,
        "filePath" | "manifestFilePath" => What::Path,
        "UserComment" | "Instructions" => What::Remark,
        "rights" | "Copyright" | "Marked" | "WebStatement" => What::Rights,
        "CreatorTool" | "Producer" | "softwareAgent" | "Software" => What::Program,
        "CreateDate" | "ModifyDate" | "MetadataDate" => What::Date,
        "title" | "description" | "subject" | "Keywords" | "Headline" => What::Title,
        _ if value.attribute.is_none() && value.elements.contains(&"PersonInImage") => What::Author,
        _ => return None,
    })
}

/// XMP, wherever it stands in a file of another kind.
pub fn packets(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut packets = Vec::new();
    let mut at = 0;
    while let Some(begin) = memchr::memmem::find(&bytes[at..], b"<x:xmpmeta").map(|found| at + found) {
        let end = b"</x:xmpmeta>";
        let Some(length) = memchr::memmem::find(&bytes[begin..], end) else {
            break;
        };
        at = begin + length + end.len();
        packets.push(begin..at);
    }
    packets
}
