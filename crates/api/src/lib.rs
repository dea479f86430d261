//! REST bodies, the two socket protocols and the error body.
