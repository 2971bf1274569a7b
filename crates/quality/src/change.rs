//! Change points of a stream: charts that remember a few numbers.
