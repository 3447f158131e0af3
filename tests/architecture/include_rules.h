#ifndef STEREOFARM_TESTS_ARCHITECTURE_INCLUDE_RULES_H_
#define STEREOFARM_TESTS_ARCHITECTURE_INCLUDE_RULES_H_

#include <map>
#include <string>
#include <vector>

namespace stereofarm {

// The sources of the rooms: path from the repository root -> text.
using SourceTree = std::map<std::string, std::string>;

// Reads every *.h, *.cc, *.cu and *.cuh of the rooms below `root`.
SourceTree ReadSources(const std::string& root);

// Checks every #include line against the two tables at the head of include_rules.cc. One sentence
// for each broken rule, in the order of files and lines: "FILE:LINE: why".
std::vector<std::string> CheckIncludes(const SourceTree& sources);

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_ARCHITECTURE_INCLUDE_RULES_H_
