//! Every bound of the host, in one place.

/// The limit of the JavaScript heap: far above what a startup takes, so that a bug ends in an error and does not fill
/// the machine's memory.
pub const MAX_HEAP_BYTES: usize = 512 * 1024 * 1024;
/// For JavaScript's stack; the kernel gives 8 MiB, and a startup may have as little as 16 MiB of address space.
pub const MAX_STACK_BYTES: usize = 1024 * 1024;
/// Below it no garbage is collected: a startup makes a few MiB of it, and a collection costs as much as the
/// whole startup.
pub const GC_THRESHOLD_BYTES: usize = 64 * 1024 * 1024;
/// What `readFile` and its kin begin with; files in /proc have no size.
pub const FIRST_READ_BYTES: usize = 4096;
/// How long a startup waits until the process that it leaves behind cannot be looked into any more, in ms.
pub const DETACH_WAIT_MS: i32 = 1000;

/// For a connection with all that it takes: name, addresses, proxy and TLS. Node waits forever, the kernel two minutes.
pub const CONNECT_MS: u64 = 30_000;
/// How long one address has to answer before the next is tried beside it: RFC 8305, section 5.
pub const NEXT_ADDRESS_MS: u64 = 250;
/// Browsers open 6 for an origin; each takes a handshake.
pub const MAX_CONNECTIONS_AN_ORIGIN: usize = 8;
/// For an answer's status line and headers: four times what Node takes.
pub const MAX_HEAD_BYTES: usize = 64 * 1024;
pub const MAX_HEADERS: usize = 200;
/// Answers 1xx before the one that counts.
pub const MAX_INTERIM_ANSWERS: usize = 10;
/// For a chunk's size with its extensions.
pub const MAX_CHUNK_LINE_BYTES: usize = 4096;
/// For all extensions of a body together, so that each byte of it does not bring 4 KiB of them.
pub const MAX_CHUNK_EXTENSIONS_BYTES: usize = 64 * 1024;
pub const MAX_TRAILERS_BYTES: usize = 16 * 1024;
/// How much is read of a body that JavaScript has not asked for yet.
pub const BODY_AHEAD_BYTES: usize = 256 * 1024;
/// What one read takes: the most that a TLS record holds.
pub const READ_BYTES: usize = 16 * 1024;
/// For a DNS server's answer over UDP: we ask for no more than the 512 of RFC 1035.
pub const MAX_DATAGRAM_BYTES: usize = 4096;
/// How long the other family's addresses are waited for when one's are there: RFC 8305, section 3.
pub const OTHER_FAMILY_MS: u64 = 50;
/// How long a name's addresses are used again, whatever longer time its server says.
pub const MAX_NAME_SECONDS: u32 = 60;
pub const MAX_HOSTS_BYTES: u64 = 4 * 1024 * 1024;
pub const MAX_RESOLV_CONF_BYTES: u64 = 64 * 1024;
