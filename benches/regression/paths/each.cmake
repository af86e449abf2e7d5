# Runs each path of PROGRAM a thousand times.
execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE names COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" names "${names}")
if(NOT names)
  message(FATAL_ERROR "${PROGRAM} names no path.")
endif()
foreach(name IN LISTS names)
  execute_process(COMMAND ${PROGRAM} ${name} 1000 COMMAND_ERROR_IS_FATAL ANY)
endforeach()
