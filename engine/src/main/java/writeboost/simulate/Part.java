package writeboost.simulate;

import java.io.IOException;

/** A part of a life in which every request to the cache may be the last one. */
@FunctionalInterface
interface Part<T> {
  T run() throws IOException;
}
