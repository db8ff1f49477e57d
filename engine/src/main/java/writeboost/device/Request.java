package writeboost.device;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One request to a {@link BlockDevice}. Mutable and pooled: it belongs to whoever submits it, is
 * lent to the device between {@link BlockDevice#submit} and its completion, and is not touched by
 * its owner in between. Memory given with it does not change while it is lent (a WRITE) and is not
 * read (a READ).
 */
public final class Request implements DeviceTask {

  /** The write (or zero, trim) must be durable before it completes. Ignored on READ. */
  public static final int FUA = 1;

  /** A WRITE_ZEROES must keep the space allocated (no hole). */
  public static final int NO_HOLE = 2;

  /** A WRITE_ZEROES must be fast, or be answered {@link Errno#ENOTSUP} at once. */
  public static final int FAST_ZERO = 4;

  /**
   * The submitting thread has nothing to do until this is answered: the device may use it for the
   * I/O, instead of waking another one up.
   */
  public static final int AWAITED = 8;

  private static final MemorySegment NO_DATA = MemorySegment.NULL;

  /**
   * Told when the device is done with the request; runs on the device's thread, or inside {@link
   * BlockDevice#submit}.
   */
  @FunctionalInterface
  public interface Completion {
    void completed(Request request);
  }

  public Operation operation = Operation.READ;

  /** A set of {@link #FUA}, {@link #NO_HOLE}, {@link #FAST_ZERO}, {@link #AWAITED}. */
  public int flags;

  /** Bytes from the start of the device. */
  public long offset;

  /**
   * Bytes; 0 for FLUSH. READ and WRITE are bounded by memory, WRITE_ZEROES and TRIM may cover the
   * whole device.
   */
  public long length;

  /** Holds the payload of READ and WRITE from {@link #dataOffset} on, {@link #length} bytes. */
  public MemorySegment data = NO_DATA;

  /** Bytes from the start of {@link #data}. */
  public long dataOffset;

  /** Where the device may note what of a READ it knew to be zeroes; null if nobody wants it. */
  public @Nullable KnownZeroes zeroes;

  /** 0, or one of {@link Errno}; valid from completion on. */
  public int error;

  /** For the owner's use; the device does not look at it. */
  public @Nullable Object attachment;

  /** For the device that holds the request, while it holds it; the owner does not look at it. */
  public @Nullable Object deviceState;

  private Completion completion;

  public Request(Completion completion) {
    this.completion = Objects.requireNonNull(completion);
  }

  public void completion(Completion newCompletion) {
    this.completion = Objects.requireNonNull(newCompletion);
  }

  /** Sets everything but the completion and the attachments. */
  public Request set(
      Operation newOperation,
      int newFlags,
      long newOffset,
      long newLength,
      MemorySegment newData,
      long newDataOffset) {
    operation = newOperation;
    flags = newFlags;
    offset = newOffset;
    length = newLength;
    data = newData;
    dataOffset = newDataOffset;
    error = 0;
    return this;
  }

  /** As {@link #set} for the operations that carry no payload: FLUSH, WRITE_ZEROES, TRIM. */
  public Request set(Operation newOperation, int newFlags, long newOffset, long newLength) {
    return set(newOperation, newFlags, newOffset, newLength, NO_DATA, 0);
  }

  /**
   * Called by the device, exactly once per submission; {@code newError} is 0 or one of {@link
   * Errno}.
   */
  public void complete(int newError) {
    error = newError;
    completion.completed(this);
  }

  public boolean has(int flag) {
    return (flags & flag) != 0;
  }

  @Override
  public String toString() {
    int said = flags & ~AWAITED;
    return operation + " " + offset + "+" + length + (said == 0 ? "" : " flags " + said);
  }
}
