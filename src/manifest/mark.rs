//! Where something is written: the file, and a range in it.
//!
//! Columns count characters, as a YAML parser does. They are converted to bytes only for the few places that are shown.

/// A stretch of one file, in 1-based lines and 0-based columns counted in characters. Its end is the first column after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Which of the files that were read.
    pub file: u32,
    /// The first line.
    pub line: u32,
    /// The first column.
    pub column: u32,
    /// The last line.
    pub end_line: u32,
    /// The column after the last.
    pub end_column: u32,
}

impl Mark {
    /// One character.
    pub const fn point(file: u32, line: u32, column: u32) -> Self {
        Self {
            file,
            line,
            column,
            end_line: line,
            end_column: column + 1,
        }
    }
}

/// Something, and where it is written.
#[derive(Clone, Copy, Debug)]
pub struct At<T> {
    /// The thing.
    pub value: T,
    /// Its place.
    pub mark: Mark,
}

impl<T> At<T> {
    /// The same place, and a part of the thing.
    pub fn as_part<'a, P: ?Sized>(&'a self, part: impl FnOnce(&'a T) -> &'a P) -> At<&'a P> {
        At {
            value: part(&self.value),
            mark: self.mark,
        }
    }
}

impl<T: schemars::JsonSchema> schemars::JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

/// For lines and columns, which a file within the size limit cannot have more of than fits.
pub(super) fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX - 1)
}
