package writeboost.volume;

import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Geometry;
import writeboost.layout.Layout;

/** Which requests there may be. Any thread. */
record Admission(Core.Configuration configuration, Layout layout) {

  /** Where zeroes are lines, more of them are not faster than a write: so many bytes. */
  static final long FAST_ZERO_BYTES_MAX = 64 << 10;

  /** The error that a request is answered with whatever happens, or 0. */
  int refusal(Request request) {
    if (request.operation.changes() && configuration.readOnly()) {
      return Errno.EPERM;
    }
    boolean outside = request.length < 0 || isOutside(request.offset, request.length);
    boolean aligned = ((request.offset | request.length) & (Geometry.SECTOR - 1)) == 0;
    if (outside || !aligned) {
      return Errno.EINVAL;
    }
    return isSlowZeroing(request) ? Errno.ENOTSUP : Errno.OK;
  }

  private boolean isSlowZeroing(Request request) {
    return request.operation == Operation.WRITE_ZEROES
        && request.has(Request.FAST_ZERO)
        && request.length > FAST_ZERO_BYTES_MAX
        && !layout.hasZeroRuns();
  }

  /** The same for a question. */
  int refusal(Extents extents) {
    boolean outside = extents.length < 1 || isOutside(extents.offset, extents.length);
    return outside ? Errno.EINVAL : Errno.OK;
  }

  private boolean isOutside(long offset, long length) {
    return offset < 0 || offset > configuration.sizeBytes() - length;
  }

  /** Whether there is nothing to do for it. */
  boolean isNothing(Request request) {
    return request.length == 0 && request.operation != Operation.FLUSH
        || request.operation == Operation.TRIM && !layout.hasZeroRuns();
  }
}
