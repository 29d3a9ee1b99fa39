//! What a run gives, as text and as JSON.
