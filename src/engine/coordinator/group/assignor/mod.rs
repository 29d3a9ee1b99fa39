//! Client-side assignors: who gets which partition.
