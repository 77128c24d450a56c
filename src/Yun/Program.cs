Console.Error.WriteLine("yun"); return 1;
