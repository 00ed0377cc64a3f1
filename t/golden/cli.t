#!/usr/bin/perl
# The command line of postern: words, exit codes, one clear line for what is
# wrong, and the daemon's control socket when the daemon misbehaves.
use strict;
use warnings;
use File::Temp ();
use IO::Socket::UNIX;
use JSON::PP ();
use Test::More;

my $postern = ($ENV{builddir} // '.') . '/postern';
plan skip_all => 'postern is not built' unless -x $postern;
my $dir = File::Temp::tempdir(CLEANUP => 1);

# Exit code, standard output, standard error.
sub run {
	my ($input, @words) = @_;
	my @file = map { "$dir/.$_" } qw(in out err);
	open my $fh, '>', $file[0] or die;
	print $fh $input;
	close $fh;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		open STDIN, '<', $file[0] or die;
		open STDOUT, '>', $file[1] or die;
		open STDERR, '>', $file[2] or die;
		exec $postern, @words or die;
	}
	waitpid $pid, 0;
	return ($? >> 8, map { slurp($_) } @file[1, 2]);
}

sub slurp {
	my ($path) = @_;
	open my $fh, '<', $path or die "$path: $!";
	local $/;
	return scalar(<$fh>) // '';
}

sub write_file {
	my ($name, $text) = @_;
	open my $fh, '>', "$dir/$name" or die "$dir/$name: $!";
	print $fh $text;
	close $fh;
	return "$dir/$name";
}

mkdir "$dir/rules";
mkdir "$dir/mail";
mkdir "$dir/mail/sub";
write_file('rules/a.cf', "header CHEAP Subject =~ /cheap/i\n" .
    "score CHEAP 12\ndescribe CHEAP Says it is cheap\n");
write_file("mail/$_", "Subject: " . (/2/ ? "cheap" : "dear") . "\n\nx\n")
    for qw(1.eml 2.eml 3.eml sub/4.eml .hidden);
my @rules = ('-c', '/dev/null', '--rules', "$dir/rules");

# ---- wrong words: one line, exit code 2 ---------------------------------------
for my $case (
    ['no command', [], qr/^usage/],
    ['unknown command', ['xyzzy'], qr/^postern xyzzy: there is no such/],
    ['unknown option', ['check', '--xyzzy'], qr/unknown option --xyzzy/],
    ['unknown letter', ['check', '-Z'], qr/unknown option -Z/],
    ['a value is missing', ['check', '--client'], qr/--client wants a value/],
    ['a flag with a value', ['check', '--json=1'], qr/--json takes no value/],
    ['no number', ['check', '--now', 'x', 'y'], qr/--now wants a number/],
    ['no thread', ['check', @rules, '--jobs', 0, '/dev/null'], qr/--jobs wants a number from 1/],
    ['too many threads', ['check', @rules, '--jobs', 65, '/dev/null'], qr/--jobs wants a number from 1 to 64/],
    ['no message', ['check', @rules], qr/wants a message/],
    ['no such message', ['check', @rules, "$dir/none"], qr/none: No such file/],
    ['no such rules', ['check', '--rules', "$dir/none", '-'],
	qr/none: No such file/],
    ['a bad address', ['check', @rules, '--client', '1.2.3', '-'],
	qr/"1\.2\.3" is no address/],
    ['a bad score set', ['check', @rules, '--score-set', '4', '-'],
	qr/0, 1, 2 or 3/],
    ['a bad plugin set', ['lint', @rules, '--plugins', 'all'],
	qr/core local stock, not "all"/],
    ['bad facts', ['check', @rules, '--facts', "$dir/rules/a.cf", '-'],
	qr/no JSON/],
    ['no such facts', ['check', @rules, '--facts', "$dir/none", '-'],
	qr/none: No such file/],
    ['no such configuration', ['conf', '-c', "$dir/none"], qr/cannot read/],
    ['a bad setting', ['conf', '-c', '/dev/null', '-o', 'x=1'],
	qr/unknown setting "x"/],
    ['no setting', ['conf', '-c', '/dev/null', '-o', 'x'], qr/KEY=VALUE/],
    ['too many words', ['conf', 'x'], qr/too many words: "x"/],
    ['an escape', ['check', "--\e[31m"], qr/\\x1B/i],
    ['no such part', ['conf', '--manual', 'x'], qr/--manual wants/],
    ['no such message to render', ['render', @rules, "$dir/none"],
	qr/none: No such file/],
    ['no import format', ['import', "$dir/none"], qr/--format/],
    ['a bad import format', ['import', '-f', 'x', '-n', 'y', '/dev/null'],
	qr/--format wants/],
    ['no reference', ['why', 'K7Q2-9XTM'], qr/is no reference/],
    ['no word', ['why'], qr/wants REF/],
    ['nothing to measure', ['bench', @rules], qr/wants a message/],
    ['nothing there to measure', ['bench', @rules, "$dir/none"],
	qr/none: No such file/],
    ['no thread', ['bench', @rules, '-t', '0', "$dir/mail"],
	qr/--threads wants 1 to 256/],
    ['no round', ['bench', @rules, '-n', '0', "$dir/mail"],
	qr/--rounds 1 to/],
    ['no daemon', ['status', '-c', '/dev/null', '-o', "control=$dir/none"],
	qr/cannot reach posternd/],
) {
	my ($name, $words, $want) = @$case;
	my ($code, $out, $err) = run('', @$words);

	is($code, 2, "$name: exit code");
	like($err, $want, "$name: said so");
	is($out, '', "$name: nothing else");
	cmp_ok(($err =~ tr/\n//), '<=', $name =~ /setting|command|config/ ? 20
	    : 1, "$name: in one line");
}

# ---- bench --------------------------------------------------------------------
{
	my ($code, $out, $err) = run('', 'bench', @rules, '--json', '-n', '3',
	    '-t', '2', '--top', '1', "$dir/mail");
	is($code, 0, 'bench: exit code');
	is($err, '', 'bench: no progress but on a terminal');
	my $got = JSON::PP->new->decode($out);
	is($got->{files}, 4, 'bench: files');
	is($got->{threads}, 2, 'bench: threads');
	is($got->{messages}, 12, 'bench: messages are those of all rounds');
	is($got->{hits}, 3, 'bench: and hits');
	is($got->{bytes}, 3 * (-s "$dir/mail/1.eml") * 4 + 3,
	    'bench: and bytes');
	cmp_ok($got->{per_second}, '>', 0, 'bench: a rate');
	is_deeply([sort keys %{ $got->{stage_us} }],
	    [sort qw(parse texts prefilter confirm dictionaries evals metas
		verdict)], 'bench: stages');
	is_deeply([map { $_->{name} } @{ $got->{rules} }], ['CHEAP'],
	    'bench: rules');
	($code, $out, $err) = run("Subject: cheap\r\n\r\nx\r\n", 'bench',
	    @rules, '-n', '1', '-');
	is($code, 0, 'bench: standard input');
	like($out, qr{messages/s a core}, 'bench: for people');
	like($out, qr{^confirm\s+\d+\.\d\s+\d+\.\d%$}m, 'bench: a stage');
	like($out, qr{\d\s+1\.00\s+CHEAP$}m, 'bench: a rule');
}

# ---- check --------------------------------------------------------------------
my ($code, $out, $err) = run("Subject: cheap\r\n\r\nx\r\n", 'check', @rules,
    '--json', '-');
is($code, 1, 'a refused message: exit code');
my $got = JSON::PP->new->decode($out);
is_deeply([sort keys %$got],
    [sort qw(file verdict class reply score hits counts)], 'the members');
is($got->{file}, '-', 'standard input');
(undef, my $verbose) = run("Subject: cheap\r\n\r\nx\r\n", 'check', @rules,
    '--json', '-v', '-');
like($verbose, qr/"gates":\[/, 'the gates where they are asked for');
is($got->{verdict}, 'reject', 'is judged');

($code, $out, $err) = run('', 'check', @rules, '--json', "$dir/mail");
is($code, 1, 'a directory with a refused message');
is_deeply([$out =~ m{"file":"\Q$dir\E/mail/([^"]+)"}g],
    [qw(1.eml 2.eml 3.eml sub/4.eml)], 'all below it, in order');
for my $jobs (1, 7) {
	my (undef, $again) = run('', 'check', @rules, '--json', '--jobs',
	    $jobs, "$dir/mail");
	is($again, $out, "the same with $jobs threads");
}
my (undef, $slow) = run('', 'check', @rules, '--json', '--no-prefilter',
    "$dir/mail");
is($slow, $out, 'and without the prefilter');
($code, $out, $err) = run('', 'check', @rules, "$dir/mail/1.eml");
is($code, 0, 'an accepted message: exit code');
($code, $out, $err) = run('', 'check', @rules, "$dir/mail/2.eml");
like($out, qr/12\.000 CHEAP  Says it is cheap\n\s+\S+: "cheap"/,
    'points and matched text are shown');
($code, $out, $err) = run('', 'check', @rules, '--json', "$dir/none",
    "$dir/mail/1.eml");
is($code, 2, 'a file that is not there');
like($out, qr/1\.eml/, 'does not hide the others');
($code, $out) = run('', 'check', @rules, '--', "$dir/mail/1.eml");
is($code, 0, 'options end at --');

# what was not seen to the end is told to people and to programs
{
	my $slow = write_file('slow.cf', "full SLOW /(?:[^\@]*[^\@])*[^\@]*\@(\\w)\\1/\n");
	my $mail = "Subject: cheap\n\n" . ('a' x 70 . "\n") x 100 . "\@ab\n";
	my @slow = ('-c', '/dev/null', '-o', 'slow_rules=limit', '--rules', $slow);
	my (undef, $json) = run($mail, 'check', @slow, '--json', '-');
	is_deeply(JSON::PP->new->decode($json)->{limited}, ['SLOW'],
	    'JSON names a rule that hit a limit');
	my (undef, $text) = run($mail, 'check', @slow, '-');
	like($text, qr/limit +SLOW: a matching limit was hit/, 'and so does text');
	my (undef, $short) = run("Subject: x\n\nx\@aa\n", 'check', @slow, '--json', '-');
	is_deeply([@{JSON::PP->new->decode($short)}{qw(limited hits)}],
	    [undef, ['SLOW']], 'one that did not is not named');
	for ([64, undef], [65, JSON::PP::true]) {
		my ($size, $cut) = @$_;
		my (undef, $out) = run("Subject: x\n\n" . 'x' x ($size - 1) . "\n",
		    'check', @rules, '-o', 'max_body_bytes=64', '--json', '-');
		is(JSON::PP->new->decode($out)->{truncated}, $cut,
		    "a body of $size bytes where 64 are kept");
	}
}

# many results, more than may wait for a slow one
mkdir "$dir/many";
write_file(sprintf('many/%04d', $_), "Subject: $_\n\n" . 'x ' x ($_ % 7) . "\n")
    for 1 .. 600;
($code, $out) = run('', 'check', @rules, '--json', "$dir/many");
is(scalar(() = $out =~ /\n/g), 600, 'every one of many is printed');
my @order = $out =~ m{many/(\d+)"}g;
is_deeply(\@order, [sort @order], 'in order');

# ---- lint, rules, conf --------------------------------------------------------
{
	my @trust = ('-o', 'trusted_authserv_ids=mx.example.org');
	my (undef, $said, $err) = run('', 'lint', @rules, @trust);
	like($said . $err, qr/warning: .*plugins = stock and score_set = 1/,
	    'trusted servers nobody asks are told');
	(undef, $said, $err) = run('', 'lint', @rules, @trust, '-o',
	    'plugins=stock', '-o', 'score_set=1');
	unlike($said . $err, qr/plugins = stock/, 'and those asked are not');
}
($code, $out) = run('', 'lint', @rules);
is($code, 0, 'good rules');
write_file('rules/b.cf', "body OK /x/\nbody BAD /(/\nnonsense\n");
($code, $out) = run('', 'lint', @rules);
is($code, 1, 'bad rules: exit code');
like($out, qr{^\Q$dir\E/rules/b\.cf:2:\d+: error: }m, 'file:line:col');
like($out, qr{^\Q$dir\E/rules/b\.cf:3:}m, 'one does not hide the other');
($code, $out, $err) = run("Subject: cheap\n\nx\n", 'check', @rules, '--json',
    '-');
like($out, qr/"hits":\["CHEAP","OK"\]/, 'the good rules still run');
like($err, qr/b\.cf:2:/, 'and the bad ones are told');
unlink "$dir/rules/b.cf";
write_file('rules/c.dict', "score CHEAP 2\n---\n1 word\n");
($code, $out) = run('', 'lint', @rules);
is($code, 1, 'a symbol that is a rule: exit code');
like($out, qr{c\.dict:1: error: CHEAP, the symbol of dictionary c, is a rule in \S+a\.cf:1},
    'both are named');
unlink "$dir/rules/c.dict";
($code, $out) = run('', 'rules', @rules, '--json');
$got = JSON::PP->new->decode($out);
is_deeply([map { $got->{$_} } qw(name type pattern score line)],
    ['CHEAP', 'header', '/cheap/i', 12, 1], 'a rule as JSON')
    or diag($out);
my $conf = write_file('p.conf', "redis = redis://me:secret\@h:1/0\n");
($code, $out) = run('', 'conf', '-c', $conf);
unlike($out, qr/secret/, 'a password is not shown');
like($out, qr{redis://me:\*{0,3}\@h:1/0|redis://me:\@h:1/0}, 'the rest is');
($code, $out) = run('', 'conf', '-c', $conf, '--changed', '--json');
is(scalar(() = $out =~ /\n/g), 1, 'only what was changed');
($code, $out) = run('', 'conf', '-c', '/dev/null', '--example');
my $example = write_file('example.conf', $out =~ s/^#(\w+ =)/$1/mgr);
($code, $out, $err) = run('', 'conf', '-c', $example, '--changed');
is($code . $err, '0', 'the example file can be read with its defaults set');

# ---- the control socket ---------------------------------------------------------
# One connection; $answer gets what was asked and the socket.
sub with_daemon {
	my ($answer, @words) = @_;
	my $path = "$dir/control";
	unlink $path;
	my $server = IO::Socket::UNIX->new(Local => $path, Listen => 1)
	    or die "$path: $!";
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		my $client = $server->accept;
		my $line = <$client>;
		$answer->($client, $line);
		close $client;
		exec '/bin/true';	# no clean-up of the parent's
	}
	my @result = run('', @words, '-c', '/dev/null', '-o',
	    "control=$path");
	waitpid $pid, 0;
	return @result;
}

($code, $out) = with_daemon(sub {
	my ($client, $line) = @_;
	print $client $line eq qq({"command":"status"}\n)
	    ? qq({"ok":true,"pid":7,"text":"a\\u001b[31m","list":[1,{"x":2}]}\n)
	    : qq({"ok":false,"error":"$line"}\n);
}, 'status');
is($code, 0, 'status');
like($out, qr/^pid +7$/m, 'is shown');
like($out, qr/\\x1B\[31m/i, 'without escapes');
($code, $out, $err) = with_daemon(sub {
	print { $_[0] } qq({"ok":false,"error":"no such thing"}\n);
}, 'status');
is($code, 2, 'a refusal');
like($err, qr/no such thing/, 'is told');
($code, $out, $err) = with_daemon(sub {
	print { $_[0] } qq({"ok":false,"error":"kept","text":"a.cf:1: error\\n"}\n);
}, 'reload');
is($code, 1, 'a reload with errors: exit code');
like($out, qr/^a\.cf:1: error$/m, 'the errors are shown');
like($err, qr/kept/, 'and what became of the old set');
($code, $out, $err) = with_daemon(sub {
	my ($client, $line) = @_;
	print $client $line =~ /"forced":true/ ? qq({"ok":true,"text":""}\n)
	    : "{}\n";
}, 'reload', '--force');
is($code, 0, 'a forced reload');
for my $case (
    ['nonsense', sub { print { $_[0] } "hello\n" }, qr/no JSON/],
    ['silence', sub { $_[0]->read(my $buf, 1) }, qr/did not answer in time/],
    ['a hang-up', sub { }, qr/closed the connection/],
    ['half a line', sub { print { $_[0] } '{"ok":' }, qr/closed the conn/],
) {
	my ($name, $daemon, $want) = @$case;
	my ($c, undef, $e) = with_daemon($daemon, 'status', '--timeout', 1);
	is($c, 2, "$name: exit code");
	like($e, $want, "$name: told");
}
($code, $out) = with_daemon(sub {
	my ($client, $line) = @_;
	print $client qq({"ok":true,"asked":$line) =~ s/\n//r . "}\n";
}, 'why', '--json', '0000-00000');
like($out, qr/"ref":"0000-00000"/, 'a reference is asked for in its form');

my $record = qq({"ref":"0000-00000","facts":{"spf":"pass",) .
    qq("envelope":{"sender":"x\@y.example","rcpts":["a\@b.example"]}}});
($code, $out) = with_daemon(sub {
	print { $_[0] } qq({"ok":true,"record":$record}\n);
}, 'why', '--json', '0000-00000');
is($out, "$record\n", 'a record is printed as it was kept');
my $kept = write_file('record.json', $out);
($code, $out) = run("Subject: cheap\n\nx\n", 'check', @rules, '--facts', $kept,
    '-');
like($out, qr/<a\@b\.example>: accept/, 'and can be replayed');

# ---- help -------------------------------------------------------------------------
($code, $out) = run('', '--help');
for my $command ($out =~ /^  (\w+)\s/mg) {
	my ($c, $o, $e) = run('', $command, '--help');
	is($c, 0, "$command --help");
	like($o, qr/^usage: postern \Q$command\E/, "$command says how");
	cmp_ok(length((sort { length $b <=> length $a } split /\n/, $o)[0]),
	    '<=', 80, 'in 80 columns');
}
done_testing();
