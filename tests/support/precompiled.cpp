// CMake builds a precompiled header for a target that has a source to use it; main.cpp cannot, so this one does. The
// test programs reuse that header.
