//! One array across the Arrow C data interface, both ways: the only `unsafe` of the workspace.
//!
//! Both libraries declare the two structs of the interface as `#[repr(C)]` with the fields of the specification
//! (<https://arrow.apache.org/docs/format/CDataInterface.html>). A value of one is moved into the other; its release
//! callback moves along and runs once, when the last array that reads the buffers is gone.
#![expect(
    unsafe_code,
    reason = "the C data interface is a contract between two libraries, kept here and nowhere else"
)]

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use arrow_array::{ArrayRef, make_array};
use polars_arrow::array::Array as PolarsArray;
use polars_arrow::datatypes::Field as PolarsField;
use polars_arrow::ffi::{
    ArrowArray, ArrowSchema, export_array_to_c, export_field_to_c, import_array_from_c,
    import_field_from_c,
};
use std::ffi::{c_char, c_void};
use std::mem::{align_of, offset_of, size_of, transmute};

/// `struct ArrowArray` as the specification writes it: the yardstick of the assertions below.
#[repr(C)]
struct SpecArray {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *mut *const c_void,
    children: *mut *mut SpecArray,
    dictionary: *mut SpecArray,
    release: Option<unsafe extern "C" fn(*mut SpecArray)>,
    private_data: *mut c_void,
}

/// `struct ArrowSchema` as the specification writes it.
#[repr(C)]
struct SpecSchema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut SpecSchema,
    dictionary: *mut SpecSchema,
    release: Option<unsafe extern "C" fn(*mut SpecSchema)>,
    private_data: *mut c_void,
}

/// Refuses to compile where the first struct is not laid out like the second, field by field.
macro_rules! same_fields {
    ($found:ty, $spec:ty, $($field:ident)+) => {
        $(const _: () = assert!(offset_of!($found, $field) == offset_of!($spec, $field));)+
    };
}

// Fields of the structs of Polars are private, so of theirs only size and alignment can be asserted here; a test reads
// every field of an array that crossed.
const _: () = assert!(size_of::<FFI_ArrowArray>() == size_of::<SpecArray>());
const _: () = assert!(align_of::<FFI_ArrowArray>() == align_of::<SpecArray>());
const _: () = assert!(size_of::<ArrowArray>() == size_of::<SpecArray>());
const _: () = assert!(align_of::<ArrowArray>() == align_of::<SpecArray>());
const _: () = assert!(size_of::<FFI_ArrowSchema>() == size_of::<SpecSchema>());
const _: () = assert!(align_of::<FFI_ArrowSchema>() == align_of::<SpecSchema>());
const _: () = assert!(size_of::<ArrowSchema>() == size_of::<SpecSchema>());
const _: () = assert!(align_of::<ArrowSchema>() == align_of::<SpecSchema>());
same_fields!(FFI_ArrowArray, SpecArray, length null_count offset n_buffers n_children);
same_fields!(FFI_ArrowArray, SpecArray, buffers children dictionary release private_data);
same_fields!(FFI_ArrowSchema, SpecSchema, format name metadata flags n_children);
same_fields!(FFI_ArrowSchema, SpecSchema, children dictionary release private_data);

/// The same array in Polars; buffers are shared.
pub(super) fn into_polars(array: &ArrayRef) -> Result<Box<dyn PolarsArray>, String> {
    let (array, schema) = to_ffi(&array.to_data()).map_err(|error| error.to_string())?;
    // SAFETY: both types are the `repr(C)` struct of the specification, with size, alignment and field offsets asserted
    // above, so every value of one is a value of the other. The move passes ownership, and with it the one duty to
    // call `release`: `FFI_ArrowArray` is forgotten by `transmute`, and the `Drop` of `ArrowArray` calls it.
    let (array, schema) = unsafe {
        (
            transmute::<FFI_ArrowArray, ArrowArray>(array),
            transmute::<FFI_ArrowSchema, ArrowSchema>(schema),
        )
    };
    // SAFETY: the schema was written by arrow-rs just above and is not released before the end of this function, so its
    // strings and children are what the interface says they are. `import_field_from_c` copies what it keeps.
    let field = unsafe { import_field_from_c(&schema) }.map_err(|error| error.to_string())?;
    // SAFETY: the array was exported by arrow-rs from a checked array, so its buffers have the lengths that its type
    // asks for, and `field` is the type that arrow-rs gave for it. Nobody writes to the buffers while they are shared:
    // arrow-rs hands out mutable access to a buffer only while it is the only owner, and the export is an owner;
    // Polars never writes to a buffer that came through the interface.
    unsafe { import_array_from_c(array, field.dtype) }.map_err(|error| error.to_string())
}

/// The same array in arrow-rs; buffers are shared.
pub(super) fn into_arrow(array: Box<dyn PolarsArray>) -> Result<ArrayRef, String> {
    let field = PolarsField::new("".into(), array.dtype().clone(), true);
    let (schema, array) = (export_field_to_c(&field), export_array_to_c(array));
    // SAFETY: as in `into_polars`, the other way round: equal layout, asserted above, and a move that hands the duty to
    // call `release` from the `Drop` of one type to that of the other.
    let (array, schema) = unsafe {
        (
            transmute::<ArrowArray, FFI_ArrowArray>(array),
            transmute::<ArrowSchema, FFI_ArrowSchema>(schema),
        )
    };
    // SAFETY: Polars exported array and schema from one array, whose own invariants (lengths of buffers, offsets that
    // ascend, UTF-8) are those of the interface. The buffers stay owned by the export until arrow-rs drops it, and
    // Polars copies before it writes to a buffer with more than one owner.
    let data = unsafe { from_ffi(array, &schema) }.map_err(|error| error.to_string())?;
    Ok(make_array(data))
}
