/** Programs that use the library as a stranger would: nbd/README.md shows them. */
@NullMarked
package example;

import org.jspecify.annotations.NullMarked;
