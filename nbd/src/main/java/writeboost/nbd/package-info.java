/**
 * The NBD protocol: a server that exports any {@link writeboost.device.BlockDevice}, and a client
 * that is one.
 *
 * <p>Knows the {@code writeboost.device} package and nothing else of the engine. {@code Protocol}
 * has the numbers and pictures. The server, in protocol order:
 *
 * <ul>
 *   <li>{@code Export}, {@code MetaContext}, {@code ServerOptions}: what and how
 *   <li>{@code NbdServer}: listening; life and death of a {@code Connection} ({@code
 *       ConnectionName}, {@code ClientStatus}: what people see of it); {@code Succession}: what its
 *       first request waits for
 *   <li>{@code Handshake}: the options of a client; {@code OptionReplies}, {@code ContextQueries};
 *       {@code Negotiated}: what came of it
 *   <li>{@code Transmission}: the loop; {@code Input} (bytes received), {@code RequestParser} (what
 *       a request may be), {@code Command} (a request in flight), {@code StatusQuery} (a
 *       BLOCK_STATUS)
 *   <li>{@code Batch}: what is submitted together, {@code Backlog}: later; {@code ChangeOrder}: and
 *       when others write to the same place
 *   <li>{@code Outbound}: the way back from the device; {@code Replies}: its bytes
 *   <li>{@code Wire}: the bytes of a connection, from {@code SocketInput} and to {@code
 *       SocketOutput}; {@code TlsSocket}: the same inside TLS; {@code Intake}: whether all there
 *       was has been read
 *   <li>{@code Tls}: who we are and whom we trust; {@code Credentials}, {@code PemFile}: from
 *       files; {@code TlsFailure}: in words
 *   <li>{@code BufferPool}, {@code Slab}: all memory that clients can make us use
 * </ul>
 *
 * <p>The client:
 *
 * <ul>
 *   <li>{@code NbdDevice}: start here; what a lost connection means; {@code NbdConnections}:
 *       several
 *   <li>{@code NbdAddress}, {@code ClientOptions}: where and how
 *   <li>{@code Link}: one connection; {@code ClientHandshake}: its beginning; {@code RemoteExport}:
 *       what the server said in it
 *   <li>{@code Traffic}: the requests that are held; {@code Submission}: one of them, {@code Part}:
 *       a piece of it on the wire; {@code Unflushed}, {@code Quarantine}: what the server may still
 *       forget, or still do
 *   <li>{@code Sender}, {@code Receiver}: the bytes
 * </ul>
 */
@NullMarked
package writeboost.nbd;

import org.jspecify.annotations.NullMarked;
