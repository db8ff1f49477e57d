/** What the core itself takes for a request, without devices, sockets and threads; with JMH. */
@NullMarked
package writeboost.bench.micro;

import org.jspecify.annotations.NullMarked;
