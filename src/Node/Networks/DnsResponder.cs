using System.Net.Sockets;

namespace Yun.Node.Networks;

/// <summary>What one container or machine is answered when it asks for names: its neighbours' from here, the rest from resolvers.</summary>
internal sealed class DnsResponder(NetworkController.ContainerNames names)
{
    /// <summary>Null when the question is not about a neighbour that the asker may know.</summary>
    public byte[]? AnswerHere(byte[] query, DnsQuestion question)
    {
        if (question.Class != DnsQuestion.ClassInternet) return null;
        if (question.Type == DnsQuestion.TypePtr) return question.ReverseAddress is { } address && names.NameOf(address) is { } name ? DnsAnswer.OfName(query, question, name) : null;
        var known = names.AddressesOf(question.Name).ToArray();
        if (known.Length == 0) return null;
        // Who takes the first of several takes another each time.
        Random.Shared.Shuffle(known);
        // It exists: where it has nothing of what is asked, that is an answer without records, not a wrong name.
        return question.Type switch
        {
            DnsQuestion.TypeA => DnsAnswer.OfAddresses(query, question, [.. known.Where(address => address.AddressFamily == AddressFamily.InterNetwork)]),
            DnsQuestion.TypeAaaa => DnsAnswer.OfAddresses(query, question, [.. known.Where(address => address.AddressFamily == AddressFamily.InterNetworkV6)]),
            _ => DnsAnswer.Empty(query, question, DnsAnswer.NoError),
        };
    }

    public async Task<byte[]> AnswerOfOthersAsync(byte[] query, DnsQuestion question, ProtocolType protocol, CancellationToken cancel)
    {
        var servers = names.Upstreams;
        if (servers.Count == 0) return DnsAnswer.Empty(query, question, DnsAnswer.ServerFailure);
        if (names.Cache.Find(query, servers, protocol) is { } kept) return kept;
        if (await DnsForwarder.AskAsync(query, servers, protocol, cancel) is not { } answer) return DnsAnswer.Empty(query, question, DnsAnswer.ServerFailure);
        names.Cache.Keep(query, servers, protocol, answer);
        return answer;
    }
}
