using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit.Sdk;

namespace Yun.Tests.EndToEnd;

internal static class Eventually
{
    /// <summary>Waits until the condition holds; the wait is far longer than it should take and only ends tests that would hang.</summary>
    public static async Task HoldsAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string expression = "")
    {
        var waited = Stopwatch.StartNew();
        while (!await condition())
        {
            if (waited.Elapsed > TimeSpan.FromSeconds(60))
                throw new XunitException($"In a minute it never became true that {expression}.");
            await Task.Delay(100);
        }
    }
}
