/** Where the container executable starts: the web platform first, which everything else takes for granted. */
import '../platform/install.ts';
import '../main.ts';
