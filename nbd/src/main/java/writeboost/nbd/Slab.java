package writeboost.nbd;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Page-aligned memory of a {@link BufferPool}, shared by whoever holds a reference: a connection
 * that fills it, and each command whose payload lies in it. The last to let go gives it back.
 * References may be dropped on any thread; only the connection's thread adds any.
 *
 * <p>The memory is a direct ByteBuffer and not an Arena's: socket channels make garbage for each
 * buffer that belongs to an Arena.
 */
final class Slab {

  static final int PAGE = 4096;

  final int size;
  final MemorySegment memory;

  /** All of it; nobody moves its position or limit. */
  final ByteBuffer bytes;

  private final @Nullable ByteBuffer[] views;
  private final AtomicInteger references = new AtomicInteger();
  private BufferPool.@Nullable Share share;

  Slab(ByteBuffer bytes, int size) {
    this.size = size;
    this.bytes = bytes;
    this.memory = MemorySegment.ofBuffer(bytes);
    this.views = new ByteBuffer[size / PAGE];
  }

  /** Called by the pool: the one reference is the borrower's. */
  Slab lend(BufferPool.Share borrower) {
    share = borrower;
    references.set(1);
    return this;
  }

  /**
   * A buffer over bytes {@code from..to}, for one socket call. There is one for each page where
   * {@code from} can lie, made once and kept.
   */
  ByteBuffer view(int from, int to) {
    int page = from / PAGE;
    ByteBuffer view = views[page];
    if (view == null) {
      view = bytes.duplicate();
      views[page] = view;
    }
    return view.limit(to).position(from);
  }

  Slab retain() {
    references.incrementAndGet();
    return this;
  }

  void release() {
    if (references.decrementAndGet() == 0) {
      Objects.requireNonNull(share).giveBack(this);
    }
  }

  /** Whether the caller's reference is the only one. */
  boolean unshared() {
    return references.get() == 1;
  }
}
