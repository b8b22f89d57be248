//! Every bound on what comes from outside, in one place.

/// Bounds on bytes and counts. A thing beyond its bound is a typed failure, never a truncation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A manifest or an index; registries themselves stop at 4 MiB.
    pub manifest_bytes: u64,
    /// An attestation or signature layer: the Go tool's default limit for attachments.
    pub attachment_bytes: u64,
    /// A configuration blob.
    pub config_bytes: u64,
    /// A blob that a rule asks for (an SBOM): far above the largest seen.
    pub blob_bytes: u64,
    /// Heap of what is parsed of such a blob; hostile JSON takes about thirty times its size.
    pub parsed_bytes: u64,
    /// A layer that is read for files inside; unpacked size is bounded by `unpacked_bytes`.
    pub layer_bytes: u64,
    /// What a compressed layer may unpack to.
    pub unpacked_bytes: u64,
    /// One file taken out of a layer.
    pub file_bytes: u64,
    /// All bodies of one image together, which are held at once.
    pub evidence_bytes: u64,
    /// Heap that the `input` document of one component may take, by estimate. Documents take four times their text as a
    /// rule; 20 MB of empty objects would take more than this.
    pub input_heap_bytes: u64,
    /// Entries of the archives of one image.
    pub archive_entries: usize,
    /// Layers of a `.sig` or `.att` manifest: cosign's limit.
    pub layers: usize,
    /// Referrers of one image.
    pub referrers: usize,
    /// Subjects of one statement: sigstore-go's limit.
    pub subjects: usize,
    /// Signatures in one envelope.
    pub envelope_signatures: usize,
    /// A snapshot, policy or data file.
    pub document_bytes: u64,
    /// Nesting of any JSON or YAML document that we read ourselves.
    pub depth: usize,
    /// Bytes of an error body that are read for its message.
    pub error_body_bytes: u64,
    /// A token answer.
    pub token_bytes: u64,
    /// Redirects followed for one blob.
    pub redirects: usize,
    /// Entries of an image index that become components.
    pub index_children: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            manifest_bytes: 4 * MIB,
            attachment_bytes: 128 * MIB,
            config_bytes: 8 * MIB,
            blob_bytes: 256 * MIB,
            parsed_bytes: 2 << 30,
            layer_bytes: 512 * MIB,
            unpacked_bytes: 1024 * MIB,
            file_bytes: 16 * MIB,
            evidence_bytes: 1024 * MIB,
            input_heap_bytes: 384 * MIB,
            archive_entries: 1_000_000,
            layers: 1000,
            referrers: 1000,
            subjects: 1024,
            envelope_signatures: 32,
            document_bytes: 64 * MIB,
            depth: 128,
            error_body_bytes: 8 * 1024,
            token_bytes: MIB,
            redirects: 5,
            index_children: 256,
        }
    }
}
