package writeboost.device;

/** Refuses what is not on units of 4 KiB. */
final class UnitsOnly implements BlockDevice {
  private static final int UNIT = 4096;

  private final BlockDevice behind;

  UnitsOnly(BlockDevice behind) {
    this.behind = behind;
  }

  @Override
  public void describe(Extents extents) {
    behind.describe(extents);
  }

  @Override
  public long size() {
    return behind.size();
  }

  @Override
  public Limits limits() {
    return new Limits(false, UNIT, UNIT, true, true);
  }

  @Override
  public void submit(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      boolean whole = ((batch[i].offset | batch[i].length) & (UNIT - 1)) == 0;
      if (whole) {
        behind.submit(new Request[] {batch[i]}, 1);
      } else {
        batch[i].complete(Errno.EINVAL);
      }
    }
  }

  @Override
  public void close() {
    behind.close();
  }
}
