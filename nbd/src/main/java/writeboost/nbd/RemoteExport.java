package writeboost.nbd;

import java.io.IOException;

/**
 * What a server says of an export.
 *
 * @param name as the server calls it; as we do, if it does not say
 * @param size bytes
 * @param flags the transmission flags
 * @param minimumBlock bytes, a power of two; offsets and lengths are multiples of it
 * @param preferredBlock bytes
 * @param maximumPayload bytes of a READ or WRITE, a multiple of 4096
 * @param structured replies have been negotiated
 * @param context the number of the context {@code base:allocation}; negative if there is none
 */
record RemoteExport(
    String name,
    long size,
    int flags,
    int minimumBlock,
    int preferredBlock,
    int maximumPayload,
    boolean structured,
    long context) {

  static final long NO_CONTEXT = -1;

  /** What a server that says nothing of its blocks takes. */
  static RemoteExport of(String name, long size, int flags, boolean structured, long context) {
    return new RemoteExport(
        name, size, flags, 1, Protocol.PREFERRED_BLOCK, Protocol.MAX_PAYLOAD, structured, context);
  }

  boolean isReadOnly() {
    return has(Protocol.TRANSMIT_READ_ONLY);
  }

  boolean canFlush() {
    return has(Protocol.TRANSMIT_SEND_FLUSH);
  }

  boolean canFua() {
    return has(Protocol.TRANSMIT_SEND_FUA);
  }

  boolean canTrim() {
    return has(Protocol.TRANSMIT_SEND_TRIM);
  }

  boolean canZero() {
    return has(Protocol.TRANSMIT_SEND_WRITE_ZEROES);
  }

  boolean canZeroFast() {
    return canZero() && has(Protocol.TRANSMIT_SEND_FAST_ZERO);
  }

  boolean isRotational() {
    return has(Protocol.TRANSMIT_ROTATIONAL);
  }

  boolean canMultiConnect() {
    return has(Protocol.TRANSMIT_CAN_MULTI_CONN);
  }

  boolean canCache() {
    return has(Protocol.TRANSMIT_SEND_CACHE);
  }

  boolean canDescribe() {
    return structured && context != NO_CONTEXT;
  }

  private boolean has(int flag) {
    return (flags & Protocol.TRANSMIT_HAS_FLAGS) != 0 && (flags & flag) != 0;
  }

  /** Multiples of this are taken, in offsets and lengths. */
  int alignment() {
    return Math.max(minimumBlock, Protocol.SECTOR);
  }

  /** That such an export can be a disk of ours. */
  void requireUsable(ClientOptions options) throws IOException {
    if (size <= 0 || size % alignment() != 0) {
      throw new IOException(
          "its size, %d bytes, is not a multiple of %d; change that".formatted(size, alignment()));
    }
    if (minimumBlock > Protocol.PREFERRED_BLOCK) {
      throw new IOException(
          "takes only blocks of %d bytes; export it with blocks of 4096 at most"
              .formatted(minimumBlock));
    }
    if (!options.readOnly()) {
      requireWritable(options);
    }
  }

  private void requireWritable(ClientOptions options) throws IOException {
    if (isReadOnly()) {
      throw new IOException("is read-only; export it for writing");
    }
    if (!canFlush() && !options.noFlush()) {
      throw new IOException(
          "cannot flush: what it has acknowledged may be lost with it; export it with another"
              + " server, or allow that explicitly (no flush)");
    }
  }

  /** That this is, after a new connection, still what {@code first} was. */
  void requireSame(RemoteExport first, ClientOptions options) throws IOException {
    if (size != first.size) {
      throw new IOException(
          "has %d bytes now, and had %d; give it its old size".formatted(size, first.size));
    }
    if (!name.equals(first.name)) {
      throw new IOException(
          "is export \"%s\" now, and was \"%s\"; export the old one"
              .formatted(Printable.of(name), Printable.of(first.name)));
    }
    if (alignment() > first.alignment()) {
      throw new IOException(
          "takes only blocks of %d bytes now, and took %d"
              .formatted(alignment(), first.alignment()));
    }
    if (!options.readOnly() && first.canFlush() && !canFlush()) {
      throw new IOException("cannot flush now, and could");
    }
    requireUsable(options);
  }
}
