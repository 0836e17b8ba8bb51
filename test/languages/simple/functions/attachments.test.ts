import { expect } from 'chai';
import { Attachment, attachmentsOf, setAttachments } from '../../../../src/core/exchange/attachments.ts';
import type { Exchange } from '../../../../src/core/exchange/exchange.ts';
import { mimeMultipart } from '../../../../src/dataformats/mimeMultipart.ts';
import { formatOf } from '../../../dataformats/format.ts';
import { complaint, exchangeWith, simpleContext } from '../simpleContext.ts';

const parts = ['--B', 'Content-Type: text/plain', '', 'hello', '--B', 'Content-Type: application/json', 'Content-Disposition: attachment; filename=one.json', 'X-Own: 7', '', '{"a":1}', '--B', 'Content-Type: text/plain', 'Content-Disposition: attachment; filename=n', '', '42', '--B--'];

/** A message whose attachments came with it. */
function received(): Exchange {
  const exchange = exchangeWith({ headers: { 'Content-Type': 'multipart/mixed; boundary=B' } });
  exchange.body = formatOf(mimeMultipart, {}).unmarshal(exchange, parts.join('\r\n'));
  return exchange;
}
const gives = (source: string, exchange = received()): unknown => simpleContext().expression('simple', source)(exchange);

describe('attachments in Simple', () => {
  it('are found by name, also with dots in it, and by number', () => {
    expect([gives('${attachments.size}'), gives('${attachmentsKeys}')]).to.deep.equal([2, new Set(['one.json', 'n'])]);
    for (const source of ['${attachment.one.json}', "${attachment['one.json']}", '${attachment.0}', '${attachment[0]}']) expect(gives(source), source).to.be.instanceOf(Attachment);
    expect(['${attachment.n.name}', '${attachment[one.json].contentType}', '${attachment.7}', '${attachment.nope.name}'].map((source) => gives(source))).to.deep.equal(['n', 'application/json', null, null]);
  });

  it('give their content as it is, as text and as any type', () => {
    expect(String(gives('${attachmentContent(n)}'))).to.equal('42');
    expect(String(gives('${attachment.n.content}'))).to.equal('42');
    expect(gives('${attachmentContentAsText(one.json)}')).to.equal('{"a":1}');
    expect(gives('${attachmentContentAsText(1)}')).to.equal('42');
    expect(gives('${attachmentContentType(one.json)} ${attachmentContentType(nobody)} ${attachmentContentType}')).to.equal('application/json  ');
    expect(gives("${attachmentContentAs('one.json','String')}")).to.equal('{"a":1}');
    expect(gives('got ${attachmentContentAsText(n)}')).to.equal('got 42');
  });

  it('give the headers of their part', () => {
    expect([gives('${attachmentHeader(one.json,x-own)}'), gives("${attachmentHeaderAs('one.json','X-Own',int)}"), gives('${attachmentHeader(n,X-Own)}'), gives('${attachmentHeader(nope,X-Own)}')]).to.deep.equal(['7', 7, null, null]);
  });

  it('are set, replaced and cleared, in this message and in no copy of it', () => {
    const exchange = received();
    const copy = received();
    setAttachments(copy, attachmentsOf(exchange));
    gives("${setAttachment('n','new')}${setAttachment(all)}", exchange);
    expect([...attachmentsOf(exchange)].map(([name, { content }]) => [name, String(content)])).to.deep.equal([['one.json', '{"a":1}'], ['n', 'new'], ['all', 'hello']]);
    expect(String(attachmentsOf(copy).get('n'))).to.equal('42');
    gives('${clearAttachments}', exchange);
    expect([attachmentsOf(exchange).size, attachmentsOf(copy).size]).to.deep.equal([0, 2]);
  });

  it('go into a multipart message that is written', () => {
    const exchange = exchangeWith({ body: 'main', headers: { 'Content-Type': 'text/plain' } });
    gives("${setAttachment('note','hi')}", exchange);
    const written = String(formatOf(mimeMultipart, {}).marshal(exchange, 'main'));
    expect(written).to.include('Content-Type: application/octet-stream').and.include('aGk=');
  });

  it('are called in one way', () => {
    for (const source of ['${attachmentContent()}', '${attachmentHeader(a)}', '${attachmentHeaderAs(a,b)}', '${attachmentContentAs(a)}', '${setAttachment()}', '${clearAttachments()}']) expect(complaint(source), source).to.match(/is not how|write/);
  });
});
