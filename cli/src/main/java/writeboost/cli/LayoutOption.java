package writeboost.cli;

import writeboost.layout.Layout;

/** What {@code --layout} and a segment size order may say; the same for all commands. */
final class LayoutOption {

  private LayoutOption() {}

  /** The layout of that name. */
  static Layout named(String name) throws CommandFailure {
    try {
      return Layout.named(name);
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage("--" + e.getMessage());
    }
  }

  /**
   * The same, with room for segments of that order.
   *
   * @param what messages call the order
   */
  static Layout named(String name, int order, String what) throws CommandFailure {
    Layout layout = named(name);
    if (order < layout.minimumOrder() || order > layout.maximumOrder()) {
      throw CommandFailure.usage(
          "%s must be %d to %d with layout %s, not %d"
              .formatted(what, layout.minimumOrder(), layout.maximumOrder(), name, order));
    }
    return layout;
  }
}
