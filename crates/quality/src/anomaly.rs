//! Values that stand out from their neighbours.
