package writeboost.layout;

/** A generation of bytes on the cache device. */
public sealed interface Layout permits ChecksumLayout, LapLayout {

  /** As in {@code --layout}. */
  String name();

  int minimumOrder();

  int maximumOrder();

  /** The layout of that name, or a refusal that says what there is. */
  static Layout named(String name) {
    return switch (name) {
      case "v2" -> ChecksumLayout.INSTANCE;
      case "v1" ->
          throw new IllegalArgumentException(
              "layout v1 (dm-writeboost of 2013) cannot be written yet: use v2");
      default -> throw new IllegalArgumentException("layout " + name + " is unknown: use v2");
    };
  }

  /** Refuses a segment size order that this layout has no room for. */
  default void requireOrder(int order) {
    if (order < minimumOrder() || order > maximumOrder()) {
      throw new IllegalArgumentException(
          "segment size order "
              + order
              + " is out of range for layout "
              + name()
              + ": "
              + minimumOrder()
              + " to "
              + maximumOrder());
    }
  }
}
