package writeboost.nbd;

import java.nio.ByteBuffer;
import writeboost.device.Errno;
import writeboost.device.Limits;
import writeboost.device.Request;

/** Takes a request's header apart and says whether it may go on. Only the connection's thread. */
final class RequestParser {

  private final long size;
  private final int alignment; // a power of two
  private final boolean readOnly;
  private final boolean canTrim;
  private final boolean canZero;
  private final boolean canZeroFast;
  private final boolean structured;
  private final boolean canDescribe;

  int type;
  long cookie;
  long offset; // unsigned: negative is beyond any device
  long length; // of the range; and of the payload that follows a WRITE
  private int commandFlags;

  RequestParser(Negotiated negotiated) {
    Exported exported = negotiated.exported();
    Limits limits = exported.device().limits();
    this.size = exported.device().size();
    this.alignment = limits.alignment();
    this.readOnly = exported.isReadOnly();
    this.canTrim = limits.canTrim();
    this.canZero = limits.canZero();
    this.canZeroFast = exported.device().canZeroFast();
    this.structured = negotiated.structured();
    this.canDescribe = !negotiated.contexts().isEmpty();
  }

  /** False if what is there is no request: the connection is beyond rescue. */
  boolean decode(ByteBuffer bytes, int at) {
    commandFlags = bytes.getShort(at + Protocol.REQUEST_FLAGS_AT) & 0xffff;
    type = bytes.getShort(at + Protocol.REQUEST_TYPE_AT) & 0xffff;
    cookie = bytes.getLong(at + Protocol.REQUEST_COOKIE_AT);
    offset = bytes.getLong(at + Protocol.REQUEST_OFFSET_AT);
    length = bytes.getInt(at + Protocol.REQUEST_LENGTH_AT) & 0xffff_ffffL;
    return bytes.getInt(at) == Protocol.REQUEST_MAGIC;
  }

  /** The guards, in the order in which a client would want to hear of them. */
  int check() {
    return switch (type) {
      case Protocol.CMD_READ -> checkRead();
      case Protocol.CMD_WRITE -> checkWrite();
      case Protocol.CMD_FLUSH -> checkFlush();
      case Protocol.CMD_TRIM -> canTrim || readOnly ? checkChange(0) : Errno.EINVAL;
      case Protocol.CMD_WRITE_ZEROES ->
          canZero || readOnly ? checkChange(zeroFlags()) : Errno.EINVAL;
      case Protocol.CMD_CACHE -> checkRange(Protocol.CMD_FLAG_FUA);
      case Protocol.CMD_BLOCK_STATUS ->
          canDescribe && length > 0
              ? checkRange(Protocol.CMD_FLAG_FUA | Protocol.CMD_FLAG_REQ_ONE)
              : Errno.EINVAL;
      default -> Errno.EINVAL;
    };
  }

  private int zeroFlags() {
    return Protocol.CMD_FLAG_NO_HOLE | (canZeroFast ? Protocol.CMD_FLAG_FAST_ZERO : 0);
  }

  private int checkRead() {
    int flags = Protocol.CMD_FLAG_FUA | (structured ? Protocol.CMD_FLAG_DF : 0);
    return length > Protocol.MAX_PAYLOAD ? Errno.EINVAL : checkRange(flags);
  }

  private int checkRange(int flags) {
    return !hasFlagsBut(flags) && inBounds() && aligned() ? Errno.OK : Errno.EINVAL;
  }

  private int checkWrite() {
    if (length > Protocol.MAX_PAYLOAD) {
      return Errno.EINVAL;
    }
    return checkChange(0);
  }

  private int checkFlush() {
    boolean plain = offset == 0 && length == 0;
    return !plain || hasFlagsBut(Protocol.CMD_FLAG_FUA) ? Errno.EINVAL : Errno.OK;
  }

  private int checkChange(int otherFlags) {
    if (hasFlagsBut(Protocol.CMD_FLAG_FUA | otherFlags)) {
      return Errno.EINVAL;
    }
    if (readOnly) {
      return Errno.EPERM;
    }
    if (!inBounds()) {
      return type == Protocol.CMD_TRIM ? Errno.EINVAL : Errno.ENOSPC;
    }
    return aligned() ? Errno.OK : Errno.EINVAL;
  }

  private boolean hasFlagsBut(int allowed) {
    return (commandFlags & ~allowed) != 0;
  }

  /** Without overflow: neither {@code offset + length} nor a negative offset gets through. */
  private boolean inBounds() {
    return offset >= 0 && offset <= size && length <= size - offset;
  }

  private boolean aligned() {
    return ((offset | length) & (alignment - 1)) == 0;
  }

  boolean has(int flag) {
    return (commandFlags & flag) != 0;
  }

  /** The command flags as a {@link Request} has them. */
  int requestFlags() {
    int flags = 0;
    if (has(Protocol.CMD_FLAG_FUA)) {
      flags |= Request.FUA;
    }
    if (has(Protocol.CMD_FLAG_NO_HOLE)) {
      flags |= Request.NO_HOLE;
    }
    if (has(Protocol.CMD_FLAG_FAST_ZERO)) {
      flags |= Request.FAST_ZERO;
    }
    return flags;
  }
}
