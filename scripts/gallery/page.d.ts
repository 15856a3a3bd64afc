/** The page's Markdown, made of the entries alone. */
export declare function galleryPage(): string;

/** Every picture of the page, relative to docs/gallery. */
export declare const pictures: readonly string[];
