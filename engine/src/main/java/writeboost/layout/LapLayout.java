package writeboost.layout;

/**
 * Layout v1: the one of 2013, without checksums. Recognised and refused; it cannot be chosen yet
 * ({@link Layout#named}).
 *
 * <pre>
 *   sector 0:     @0 u32 magic, @4 u8 order.  Sector 2047: @0 u64 record.  All else 0
 *   header:       @0 u64 id, @8 u8 length, @9 u32 lap
 *   metablock i:  13 bytes at 13 + 13 * i: @0 u64 sector, @8 u8 dirty bits, @9 u32 lap
 * </pre>
 *
 * A segment is whole if the lap of each of its first {@code length} metablocks equals that of the
 * header.
 */
public final class LapLayout implements Layout {
  static final int MINIMUM_ORDER = 4;
  static final int MAXIMUM_ORDER = 11;

  static final int ID_OFFSET = 0;
  static final int LENGTH_OFFSET = 8;
  static final int LAP_OFFSET = 9;
  static final int METABLOCKS_OFFSET = 13;
  static final int METABLOCK_BYTES = 13;

  private LapLayout() {}

  @Override
  public String name() {
    return "v1";
  }

  @Override
  public int minimumOrder() {
    return MINIMUM_ORDER;
  }

  @Override
  public int maximumOrder() {
    return MAXIMUM_ORDER;
  }
}
