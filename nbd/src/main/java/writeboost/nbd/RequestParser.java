package writeboost.nbd;

import java.nio.ByteBuffer;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Request;

/** Takes a request's header apart and says whether it may go on. Only the connection's thread. */
final class RequestParser {

  private final long size;
  private final int alignment; // a power of two
  private final boolean readOnly;
  private final boolean canTrim;
  private final boolean canZero;

  int type;
  long cookie;
  long offset; // unsigned: negative is beyond any device
  long length; // of the range; and of the payload that follows a WRITE
  private int commandFlags;

  RequestParser(BlockDevice device, Export export) {
    this.size = device.size();
    this.alignment = device.limits().alignment();
    this.readOnly = export.readOnly() || device.limits().readOnly();
    this.canTrim = device.limits().canTrim();
    this.canZero = device.limits().canZero();
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
          canZero || readOnly ? checkChange(Protocol.CMD_FLAG_NO_HOLE) : Errno.EINVAL;
      default -> Errno.EINVAL;
    };
  }

  private int checkRead() {
    if (hasFlagsBut(Protocol.CMD_FLAG_FUA) || length > Protocol.MAX_PAYLOAD) {
      return Errno.EINVAL;
    }
    return inBounds() && aligned() ? Errno.OK : Errno.EINVAL;
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

  /** The command flags as a {@link Request} has them. */
  int requestFlags() {
    int flags = 0;
    if ((commandFlags & Protocol.CMD_FLAG_FUA) != 0) {
      flags |= Request.FUA;
    }
    if ((commandFlags & Protocol.CMD_FLAG_NO_HOLE) != 0) {
      flags |= Request.NO_HOLE;
    }
    return flags;
  }
}
