//! Reads Parquet files through the engine: the one way for archives, dataset versions and files.
