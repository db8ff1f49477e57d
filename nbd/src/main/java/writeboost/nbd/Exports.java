package writeboost.nbd;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** What a server exports, in the order in which it was added. Any thread. */
final class Exports {

  private final List<Exported> all = new CopyOnWriteArrayList<>();

  synchronized void add(Exported exported) {
    String name = exported.export().name();
    if (all.stream().anyMatch(other -> other.export().name().equals(name))) {
      throw new IllegalArgumentException("there is an export \"" + name + "\" already");
    }
    all.add(exported);
  }

  List<Exported> all() {
    return all;
  }

  /** The export of this name; for the empty one the first, if none is called so. */
  @Nullable Exported find(byte[] name) {
    for (Exported exported : all) {
      if (Arrays.equals(exported.export().name().getBytes(StandardCharsets.UTF_8), name)) {
        return exported;
      }
    }
    return name.length == 0 && !all.isEmpty() ? all.getFirst() : null;
  }
}
