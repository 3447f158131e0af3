#ifndef STEREOFARM_TESTS_UNIT_MEDIA_MADE_FILMS_H_
#define STEREOFARM_TESTS_UNIT_MEDIA_MADE_FILMS_H_

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace stereofarm {

// A film that the `ffmpeg` program makes for a test.
struct MadeFilm {
  const char* name;
  const char* arguments;
};

inline std::ostream& operator<<(std::ostream& out, const MadeFilm& film) {
  return out << film.name;
}

// Every kind of film that is hard to count or to seek in.
const std::vector<MadeFilm>& MadeFilms();

// The readable films beside the checkout (footage/README.md); none where they're missing.
std::vector<std::filesystem::path> SharedFilms();

// For INSTANTIATE_TEST_SUITE_P: letters, digits and underscores.
std::string TestNameOf(const MadeFilm& film);

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_UNIT_MEDIA_MADE_FILMS_H_
