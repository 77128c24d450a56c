using System.Security.Cryptography;

namespace Yun.Node.Containers;

/// <summary>Names for containers that were given none: an adjective and somebody who found something out, as Docker does it.</summary>
internal static class ContainerNames
{
    private static readonly string[] s_adjectives =
    [
        "able", "agile", "amber", "ample", "awake", "blithe", "bold", "brave", "breezy", "bright", "brisk", "calm", "candid", "cheerful", "clear", "clever", "cosy", "crisp", "curious", "daring",
        "deft", "eager", "early", "earnest", "elegant", "fair", "fearless", "festive", "fine", "fleet", "fond", "frank", "fresh", "friendly", "gentle", "glad", "golden", "graceful", "grand",
        "happy", "hardy", "honest", "hopeful", "humble", "jolly", "keen", "kind", "lively", "loyal", "lucid", "lucky", "mellow", "merry", "mild", "modest", "neat", "nimble", "noble", "open",
        "patient", "peaceful", "placid", "playful", "plucky", "polite", "proud", "prudent", "quick", "quiet", "radiant", "ready", "serene", "sharp", "silent", "sincere", "sleepy", "smart",
        "snug", "sober", "steady", "sturdy", "subtle", "sunny", "swift", "tender", "thrifty", "tidy", "trusty", "upbeat", "vivid", "warm", "wise", "witty", "zealous", "zesty",
    ];

    private static readonly string[] s_people =
    [
        "abel", "aryabhata", "avicenna", "babbage", "banneker", "bardeen", "bernoulli", "bohr", "boole", "bose", "boyle", "brahe", "carson", "carver", "cauchy", "chandrasekhar", "chebyshev",
        "church", "copernicus", "cori", "coulomb", "curie", "dalton", "darwin", "dijkstra", "dirac", "edison", "einstein", "engelbart", "euclid", "euler", "faraday", "fermat", "fermi", "feynman",
        "fourier", "franklin", "galileo", "galois", "gauss", "germain", "goodall", "hamilton", "hawking", "heisenberg", "herschel", "hertz", "hilbert", "hodgkin", "hopper", "hypatia", "jemison",
        "johnson", "joule", "kepler", "khwarizmi", "knuth", "kovalevskaya", "lamarr", "laplace", "lavoisier", "leavitt", "leibniz", "liskov", "lovelace", "maxwell", "mayer", "mccarthy", "meitner",
        "mendel", "mendeleev", "mirzakhani", "morse", "napier", "newton", "nightingale", "noether", "pascal", "pasteur", "pauling", "perlman", "planck", "poincare", "ptolemy", "ramanujan", "ride",
        "ritchie", "rubin", "shannon", "shen_kuo", "sinoussi", "snyder", "swartz", "tesla", "thompson", "torvalds", "turing", "volta", "wilson", "wing", "wozniak", "wright", "wu", "yalow", "zhang_heng", "zu_chongzhi",
    ];

    /// <summary>One that may be taken already; later tries add digits, so that they come to an end.</summary>
    public static string Propose(int attempt) => $"{Any(s_adjectives)}_{Any(s_people)}{(attempt > 2 ? RandomNumberGenerator.GetInt32(10, 1_000_000).ToString() : "")}";

    private static string Any(string[] words) => words[RandomNumberGenerator.GetInt32(words.Length)];
}
