/**
 * The NBD protocol: a server that exports any {@link writeboost.device.BlockDevice}.
 *
 * <p>Knows the {@code writeboost.device} package and nothing else of the engine. In protocol order:
 * {@link writeboost.nbd.Protocol} (numbers and pictures), {@link writeboost.nbd.NbdServer}
 * (listening, life and death of connections), {@code Handshake}, {@code Connection} (the loop),
 * {@code RequestParser} (what a request may be), {@code Command} (a request in flight), {@code
 * Outbound} (replies), {@code BufferPool} (all memory that clients can make us use).
 */
@NullMarked
package writeboost.nbd;

import org.jspecify.annotations.NullMarked;
