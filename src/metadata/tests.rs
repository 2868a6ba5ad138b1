use std::fs;
use std::path::Path;

use super::*;

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).unwrap()
    }
}

/// The files that fuzzing begins with.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/metadata");
    let mut seeds: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                fs::read(path).unwrap(),
            )
        })
        .collect();
    seeds.sort();
    seeds
}

#[test]
fn every_seed_is_of_its_kind_tells_something_and_is_cleaned() {
    for (name, bytes) in seeds() {
        assert_ne!(Format::of(&bytes), Format::Unknown, "{name}");
        match clean(&bytes) {
            Cleaned::Copy(copy, told) => {
                assert!(
                    told.iter().any(|told| told.what.leads_to_somebody()),
                    "{name}: {told:?}"
                );
                assert!(matches!(clean(&copy), Cleaned::Nothing), "{name}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn a_broken_file_is_read_without_harm_and_a_copy_that_is_called_clean_is() {
    for (name, seed) in seeds() {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        for _ in 0..400 {
            let mut bytes = seed.clone();
            for _ in 0..=numbers.below(6) {
                let at = numbers.below(bytes.len());
                match numbers.below(5) {
                    0 => bytes[at] = numbers.below(256).to_le_bytes()[0],
                    1 => bytes.truncate(at.max(1)),
                    2 => bytes[at] = [0, 0xff, 0x7f, b'<', b'(', b'>'][numbers.below(6)],
                    3 => {
                        let end = (at + numbers.below(40)).min(bytes.len());
                        let part = bytes[at..end].to_vec();
                        let to = numbers.below(bytes.len());
                        bytes.splice(to..to, part);
                    }
                    _ => drop(bytes.drain(at..(at + numbers.below(20)).min(bytes.len()))),
                }
                if bytes.is_empty() {
                    bytes.push(0);
                }
            }
            let _ = dangers("a.pdf", &bytes);
            if let Cleaned::Copy(copy, _) = clean(&bytes) {
                assert!(matches!(clean(&copy), Cleaned::Nothing), "{name}: {bytes:?}");
            }
        }
    }
}

#[test]
fn entries_that_all_have_the_same_value_cost_no_more_than_one() {
    // Sixty thousand bytes, and five thousand entries that each claim all of them.
    let mut block = b"II*\0\x08\0\0\0\x88\x13".to_vec();
    for _ in 0..5000 {
        block.extend(b"\x3b\x01\x02\0\x60\xea\0\0\x08\0\0\0");
    }
    let begun = std::time::Instant::now();
    let found = read(&block);
    assert!(found.told.len() < 10);
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn xmp_in_a_pdf_that_does_not_call_it_so_is_read_and_taken_out() {
    let xmp = "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>\
               <rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:dc='http://purl.org/dc/elements/1.1/'>\
               <rdf:Description><dc:creator><rdf:Seq><rdf:li>Jean Dupont</rdf:li></rdf:Seq></dc:creator></rdf:Description>\
               </rdf:RDF></x:xmpmeta><?xpacket end='w'?>";
    let pdf = format!(
        "%PDF-1.7\n1 0 obj\n<</Type/Catalog/Metadata 2 0 R>>\nendobj\n2 0 obj\n<</Length {}>>\nstream\n{xmp}\n\
         endstream\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n",
        xmp.len()
    );
    let Cleaned::Copy(copy, taken_out) = clean(pdf.as_bytes()) else {
        panic!("something is taken out")
    };
    assert!(
        taken_out.iter().any(|told| told.value.contains("Jean Dupont")),
        "{taken_out:?}"
    );
    assert!(!String::from_utf8_lossy(&copy).contains("Jean"));
}
