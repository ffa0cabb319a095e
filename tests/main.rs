//! End to end, through the binary, as a user would.
