//! The page starts, wherever it lies.

use crate::page::Page;

#[test]
fn the_page_starts_under_any_path_without_a_complaint() {
    let page = Page::open();
    assert!(page.browser.title().starts_with("laglab"));
    page.wait("words on the page", || (!page.browser.text(&page.the("body")).is_empty()).then_some(()));
    page.close();
}
