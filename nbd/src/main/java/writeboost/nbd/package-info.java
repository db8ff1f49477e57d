/**
 * The NBD protocol: a server that exports any {@link writeboost.device.BlockDevice}.
 *
 * <p>Knows the {@code writeboost.device} package and nothing else of the engine. In protocol order:
 *
 * <ul>
 *   <li>{@code Protocol}: numbers and pictures; {@code Export}, {@code ServerOptions}: what and how
 *   <li>{@code NbdServer}: listening; life and death of a {@code Connection}
 *   <li>{@code Handshake}: the options of a client
 *   <li>{@code Transmission}: the loop; {@code Input} (bytes received), {@code RequestParser} (what
 *       a request may be), {@code Command} (a request in flight)
 *   <li>{@code Outbound}: the way back from the device; {@code Replies}: its bytes
 *   <li>{@code BufferPool}, {@code Slab}: all memory that clients can make us use
 * </ul>
 */
@NullMarked
package writeboost.nbd;

import org.jspecify.annotations.NullMarked;
